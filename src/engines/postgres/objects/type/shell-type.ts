import { qualified } from "../../sql/quote.ts";
import { type DumpObject, definitionOnly, noParts } from "../dump-object.ts";
import { objectEntry } from "../object-entry.ts";
import type { ObjectRegistry } from "../object-registry.ts";
import type { ObjectType, PlannedEntry } from "../object-type.ts";
import type { TypeObject } from "./type-object.ts";

interface ShellType extends DumpObject {
  readonly kind: "type";
  readonly schema: string;
  /** The type that is completed later. */
  readonly type: TypeObject;
  /** Set when a function of the dump needs the shell. */
  isNeeded: boolean;
}

/**
 * Shells of types: only a name, so that the functions that read and write values of the type can be created before the
 * type that is made of them. A type that is not dumped has one, too, which gives its functions their place in the order.
 * Read after base and range types.
 */
export const shellType: ObjectType<ShellType> = {
  label: "shell type",

  read(reader): ShellType[] {
    const types = reader.registry.ofKind("type").filter(mayNeedShell);
    return types.map((type) =>
      reader.registry.add<ShellType>({
        kind: "type",
        catalog: { table: 0, oid: 0 },
        name: type.name,
        schema: type.schema,
        parts: type.parts.definition ? definitionOnly : noParts,
        type,
        isNeeded: false,
      }),
    );
  },

  link(shells: readonly ShellType[], registry: ObjectRegistry): void {
    for (const shell of shells) {
      for (const id of shell.type.dependencies) {
        const needed = registry.get(id);
        if (needed?.kind !== "function" || !needed.dependencies.delete(shell.type.dumpId)) continue;
        needed.dependencies.add(shell.dumpId);
        shell.isNeeded = true;
      }
    }
  },

  entries(shell: ShellType): PlannedEntry[] {
    if (!shell.isNeeded || !shell.parts.definition) return [];
    // Without a DROP statement: the type's own takes the shell along. So nobody sets the shell's owner either.
    return [
      objectEntry(shell, {
        desc: "SHELL TYPE",
        section: "pre-data",
        owner: shell.type.owner,
        definition: `CREATE TYPE ${qualified(shell.schema, shell.name)};\n`,
      }),
    ];
  },
};

function mayNeedShell(object: DumpObject): object is TypeObject {
  return object.kind === "type" && (object as TypeObject).mayNeedShell === true;
}
