import type { SettingsParam } from "@cairn/shared/session";
import { useCallback, useEffect, useRef, useState } from "react";
import { scanWorkspace } from "../actions.ts";
import { readPatterns } from "./patterns.ts";
import type { Scan } from "./ScanSummary.tsx";

/** Patterns as they stand in the fields: one a line. */
export interface PatternTexts {
  ignore: string;
  include: string;
}

interface FolderScan {
  scan: Scan | null;
  error: unknown;
  /** Looks again, with other patterns. */
  check: (texts: PatternTexts) => void;
}

/** What a session on the folder would capture; looked up at once with the first patterns. */
export function useScan(
  folder: string | null,
  first: PatternTexts,
  limits?: SettingsParam["limits"],
): FolderScan {
  const [scan, setScan] = useState<Scan | null>(null);
  const [error, setError] = useState<unknown>(null);
  // What the dialog began with; each event brings a new session object.
  const [start] = useState({ first, limits });
  const asked = useRef(0);

  const ask = useCallback(
    async ({ ignore, include }: PatternTexts) => {
      if (folder === null) return;
      asked.current += 1;
      const number = asked.current;
      try {
        const settings = {
          ignore: readPatterns(ignore),
          include: readPatterns(include),
          ...(start.limits === undefined ? {} : { limits: start.limits }),
        };
        const found = await scanWorkspace({ path: folder, settings });
        if (number === asked.current) setScan(found);
      } catch (reason) {
        if (number === asked.current) setError(reason);
      }
    },
    [folder, start],
  );
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- what it sets is the server's answer
    void ask(start.first);
  }, [ask, start]);
  const check = (texts: PatternTexts) => {
    setScan(null);
    setError(null);
    void ask(texts);
  };
  return { scan, error, check };
}
