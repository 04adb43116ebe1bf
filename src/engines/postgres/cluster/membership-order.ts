import type { Membership } from "./globals.ts";

export interface OrderedMemberships {
  readonly ordered: readonly Membership[];
  /** Those whose grantor nobody gave the right to grant; they cannot be granted in anybody's name. */
  readonly impossible: readonly Membership[];
}

/**
 * Brings memberships into an order in which they can be granted: whoever grants a role must have got it with the admin
 * option before, and only the bootstrap superuser needs nobody's leave. Within that, the order they come in stays.
 */
export function orderMemberships(memberships: readonly Membership[]): OrderedMemberships {
  const ordered: Membership[] = [];
  const impossible: Membership[] = [];
  for (const ofRole of Map.groupBy(memberships, ({ role }) => role).values()) {
    const grantors = new Set<string>();
    let waiting = ofRole;
    while (waiting.length > 0) {
      const left = waiting.filter((membership) => {
        const { since16, member, hasAdminOption } = membership;
        if (since16 !== undefined && !since16.grantorIsBootstrap && !grantors.has(since16.grantor)) return true;
        if (hasAdminOption) grantors.add(member);
        ordered.push(membership);
        return false;
      });
      if (left.length === waiting.length) {
        impossible.push(...left);
        break;
      }
      waiting = left;
    }
  }
  return { ordered, impossible };
}
