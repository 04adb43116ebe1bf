/**
 * Has all lanes work beside each other. After a failure `stop` must end what the others do.
 * @throws what failed first
 */
export async function runLanes<Lane>(
  lanes: readonly Lane[],
  work: (lane: Lane) => Promise<void>,
  stop: (reason: unknown) => Promise<void>,
): Promise<void> {
  let failure: { readonly reason: unknown } | undefined;
  const run = async (lane: Lane): Promise<void> => {
    try {
      await work(lane);
    } catch (reason) {
      failure ??= { reason };
      await stop(failure.reason);
    }
  };
  await Promise.all(lanes.map(run));
  if (failure !== undefined) throw failure.reason;
}
