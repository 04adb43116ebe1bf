import { type Option, placeholderOf } from "../options/option.ts";
import {
  configSections,
  databasesKey,
  hasDatabases,
  passwordKey,
  profilesSection,
  replicasSection,
} from "./config-keys.ts";

type Schema = Readonly<Record<string, unknown>>;

const fromVariable: Schema = {
  type: "object",
  properties: { env: { type: "string", minLength: 1, description: "Name of an environment variable" } },
  required: ["env"],
  additionalProperties: false,
};

const fromFile: Schema = {
  type: "object",
  properties: { file: { type: "string", minLength: 1, description: "A file that only its owner can read" } },
  required: ["file"],
  additionalProperties: false,
};

const fromVault: Schema = {
  type: "object",
  properties: {
    vault: {
      type: "string",
      pattern: "^kv:[^/#]+/[^#]+(#[^#]+)?$",
      description: "A secret of HashiCorp Vault, kv:MOUNT/PATH#FIELD; the usual field is password",
    },
  },
  required: ["vault"],
  additionalProperties: false,
};

/** The JSON Schema of the configuration file, made of the table of options: for editors. */
export function configSchema(): Schema {
  const sections = sectionSchemas();
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration file of dbbackup, dbbackup.toml",
    type: "object",
    properties: {
      ...sections,
      [profilesSection]: {
        type: "object",
        description: "Values that --profile NAME takes before the others",
        additionalProperties: { type: "object", properties: sections, additionalProperties: false },
      },
    },
    additionalProperties: false,
  };
}

function sectionSchemas(): Record<string, Schema> {
  const schemas: Record<string, Schema> = Object.fromEntries(
    [...configSections].map(([section, keys]) => {
      const properties: Record<string, Schema> = Object.fromEntries(
        [...keys].map(([key, option]) => [key, optionSchema(option)]),
      );
      if (section === passwordKey.section) {
        const description = "Where the password of the server is: it never stands in the file";
        properties[passwordKey.key] = { description, oneOf: [fromFile, fromVariable, fromVault] };
      }
      if (hasDatabases(section)) {
        const rules = { type: "object", properties: { ...properties }, additionalProperties: false };
        const description = "Rules of single databases, by name, in place of the others";
        properties[databasesKey] = { type: "object", description, additionalProperties: rules };
      }
      return [section, { type: "object", properties, additionalProperties: false }];
    }),
  );
  const replica = { type: "object", properties: { url: orVariable({ type: "string", minLength: 1 }) } };
  schemas[replicasSection] = {
    type: "array",
    description: "Repositories that each finished backup is copied into",
    items: { ...replica, required: ["url"], additionalProperties: false },
  };
  return schemas;
}

function optionSchema(option: Option): Schema {
  const one = option.type === "flag" ? valueSchema(option) : orVariable(valueSchema(option));
  const described = { description: descriptionOf(option) };
  if (option.repeatable !== true) return { ...described, ...one };
  return { ...described, oneOf: [one, { type: "array", items: one }] };
}

function orVariable(schema: Schema): Schema {
  return { oneOf: [schema, fromVariable] };
}

function valueSchema(option: Option): Schema {
  const { min, max } = option;
  const limits = { ...(min === undefined ? {} : { minimum: min }), ...(max === undefined ? {} : { maximum: max }) };
  switch (option.type) {
    case "flag":
      return { type: "boolean" };
    case "integer":
      return { type: "integer", ...limits };
    case "size":
      return { type: ["integer", "string"], pattern: "^[0-9]+([KkMmGgTt]?([Ii]?[Bb])?)?$" };
    case "duration":
      return { type: ["integer", "string"], pattern: "^[0-9]+[SsMmHhDd]?$" };
    case "choice":
      return { type: "string", enum: [...(option.values ?? []), ...Object.keys(option.valueAliases ?? {})] };
    case "text":
      return { type: "string" };
    default:
      return option.type satisfies never;
  }
}

function descriptionOf(option: Option): string {
  const value = option.type === "flag" ? "" : ` ${placeholderOf(option)}`;
  const usual = option.default === undefined ? "" : ` (default: ${option.default})`;
  return `${option.help}${usual}; --${option.name}${value}`;
}
