import type { KeyMaterial } from "../../ports/encryption.ts";
import type { ContainerHeader } from "./container-header.ts";
import type { DecryptOptions } from "./decrypt-stream.ts";
import { holderOf, keyIdOfMaterial } from "./key-roles.ts";
import type { Recipient } from "./recipient.ts";
import { encodeSidecar } from "./sidecar.ts";
import type { Stanza } from "./stanza.ts";
import { type UnlockedContainer, unlockContainer } from "./unlock-container.ts";

/** A key that files get. */
export interface NewKey {
  readonly material: KeyMaterial;
  readonly recipient: Recipient;
}

/**
 * The key file that gives a file to new recipients: its data key, and so all of its bytes, stay what they are.
 * @returns undefined when the newest keys are these already: a run that was interrupted goes on with what is left
 * @throws BackupError KEY, DAMAGED
 */
export async function renewedKeys(
  header: ContainerHeader,
  options: DecryptOptions,
  keys: readonly NewKey[],
): Promise<Buffer | undefined> {
  const container = await unlockContainer(header, options);
  options.onUnlocked?.(container);
  if (await isForAll(newestStanzas(container), header, keys)) return undefined;
  const { dataKey, sidecars } = container;
  const stanzas = await Promise.all(keys.map(({ recipient }) => recipient.stanza(dataKey, header)));
  return encodeSidecar(header, dataKey, (sidecars[0]?.epoch ?? 0n) + 1n, stanzas);
}

function newestStanzas({ header, sidecars, headerDamage }: UnlockedContainer): readonly Stanza[] {
  if (sidecars[0] !== undefined) return sidecars[0].stanzas;
  return headerDamage === undefined ? header.stanzas : [];
}

/** Whether these are the keys of the file, no more and no fewer. */
async function isForAll(
  stanzas: readonly Stanza[],
  header: ContainerHeader,
  keys: readonly NewKey[],
): Promise<boolean> {
  if (stanzas.length !== keys.length) return false;
  for (const { material } of keys) {
    const found = await Promise.all(stanzas.map((stanza) => isFor(material, stanza, header)));
    if (!found.includes(true)) return false;
  }
  return true;
}

async function isFor(material: KeyMaterial, stanza: Stanza, header: ContainerHeader): Promise<boolean> {
  const id = keyIdOfMaterial(material);
  if (id !== undefined) return stanza.keyId.toString("hex") === id;
  // A passphrase has no name: it opens the stanza or not.
  return (await holderOf(material)?.open(stanza, header)) !== undefined;
}
