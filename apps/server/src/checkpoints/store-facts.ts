import type { Result } from "@cairn/shared/methods";
import type { ServiceDeps } from "./deps.ts";
import type { Usage } from "./usage.ts";

type Facts = Result<"store_facts">;

function ratio(of: number, to: number): number | null {
  return to === 0 ? null : Math.round((of / to) * 1000) / 1000;
}

/** How much the store holds, how well it packs, and what each session alone keeps. */
export async function storeFacts(deps: ServiceDeps, usage: Usage): Promise<Facts> {
  const { runner, store } = deps;
  const facts = await runner.facts();
  const logical_bytes = await store.keptBytes();
  const by_session = await usage.bySession();
  return {
    ...facts,
    logical_bytes,
    dedupe_ratio: ratio(logical_bytes, facts.raw_bytes),
    compression_ratio: ratio(facts.raw_bytes, facts.stored_bytes),
    last_collection: (await store.upkeep("last_collection")) as Facts["last_collection"],
    last_validation: (await store.upkeep("last_validation")) as Facts["last_validation"],
    by_session: [...by_session].map(([session_id, bytes]) => ({ session_id, bytes })),
  };
}
