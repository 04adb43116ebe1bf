import { type ServerAddress, serverSql } from "../postgres-server.ts";
import { Dice } from "./dice.ts";
import { recipes } from "./recipes.ts";
import { World } from "./world.ts";

/**
 * Fills a database with objects that hang on each other at random: `steps` statements, of which the server refuses some.
 * @param roles quoted names of roles that are there
 * @returns how many statements the server took
 */
export async function randomSchema(
  server: ServerAddress,
  database: string,
  seed: number,
  steps: number,
  roles: readonly string[],
): Promise<number> {
  const world = new World(new Dice(seed), roles);
  let taken = 0;
  for (let step = 0; step < steps; step++) {
    const made = world.dice.pick(recipes)(world);
    if (made === undefined) continue;
    try {
      await serverSql(server, made.sql, database);
      made.made?.();
      taken++;
    } catch (error) {
      // What the server refuses is not there. A server that is gone is another matter.
      if (`${error}`.includes("closed the connection")) throw error;
    }
  }
  return taken;
}
