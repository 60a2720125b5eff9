import { describe } from "vitest";
import { ancestorsContract } from "./contract/ancestors.contract.ts";
import { checkpointsContract } from "./contract/checkpoints.contract.ts";
import { consumersContract } from "./contract/consumers.contract.ts";
import { filterContract } from "./contract/filter.contract.ts";
import { idempotentContract } from "./contract/idempotent.contract.ts";
import { logContract } from "./contract/log.contract.ts";
import type { Open } from "./contract/opened.ts";
import { sessionsContract } from "./contract/sessions.contract.ts";
import { transactionsContract } from "./contract/transactions.contract.ts";
import { trimContract } from "./contract/trim.contract.ts";
import { undoContract } from "./contract/undo.contract.ts";
import { upkeepContract } from "./contract/upkeep.contract.ts";

/** What every engine's store must do; `open` gives a fresh, empty one each time. */
export function storeContract(name: string, open: Open): void {
  describe(`the store on ${name}`, () => {
    sessionsContract(open);
    checkpointsContract(open);
    ancestorsContract(open);
    filterContract(open);
    undoContract(open);
    upkeepContract(open);
    logContract(open);
    trimContract(open);
    consumersContract(open);
    idempotentContract(open);
    transactionsContract(open);
  });
}
