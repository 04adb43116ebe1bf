import type { StoredPlace, SurveyedBackup } from "../../../commands/survey-backup.ts";
import { counted, formatCount } from "../../../core/counted.ts";

/** More places, or names, are counted. */
const shownPlaces = 20;

/** Where a backup is damaged, and what of it can be restored, for people. */
export function surveyLines(survey: SurveyedBackup): string[] {
  const { places, morePlaces, unusable, canBeSalvaged, areDefinitionsUnproved } = survey;
  const lines = places.slice(0, shownPlaces).map((place) => `place    ${placeLine(place)}`);
  const more = morePlaces + Math.max(0, places.length - shownPlaces);
  if (more > 0) lines.push(`place    and ${formatCount(more)} more`);
  if (unusable !== undefined) return [...lines, `salvage  nothing can be restored of it: ${unusable}`];
  lines.push(`salvage  ${wholeLine(survey)}`);
  if (canBeSalvaged) lines.push("salvage  restore single --salvage restores what is whole");
  if (areDefinitionsUnproved) {
    lines.push("salvage  its definitions can be read; nothing but the hash of the whole file proves them");
  }
  return lines;
}

function placeLine({ artifact, offset, length, frames, object, message }: StoredPlace): string {
  const bytes = length === 0 ? `at byte ${offset}` : `bytes ${offset} to ${offset + length - 1}`;
  return `${artifact}, ${bytes}${framesText(frames)}: ${object}: ${message}`;
}

function framesText(frames: StoredPlace["frames"]): string {
  if (frames === undefined) return "";
  return frames.first === frames.last ? ` (frame ${frames.first})` : ` (frames ${frames.first} to ${frames.last})`;
}

function wholeLine({ tables, damagedTables, damagedOthers }: SurveyedBackup): string {
  const damaged = [
    ...damagedTables.map(({ database, schema, name }) => [database, schema, name].filter(Boolean).join(".")),
    ...damagedOthers,
  ];
  const whole = `${formatCount(tables - damagedTables.length)} of ${counted(tables, "table")}`;
  if (damaged.length === 0) return `all of its ${counted(tables, "table")} can be read`;
  const shown = damaged.slice(0, shownPlaces).join(", ");
  const more = damaged.length > shownPlaces ? `, and ${formatCount(damaged.length - shownPlaces)} more` : "";
  return `${whole} can be read whole; damaged: ${shown}${more}`;
}
