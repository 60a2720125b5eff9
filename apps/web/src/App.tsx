import { Suspense, useEffect, useState } from "react";
import { BrowserRouter, Route, Routes, useLocation } from "react-router";
import { useStore } from "zustand";
import { listenToKeys, useCommand } from "./commands.ts";
import { NotFound } from "./NotFound.tsx";
import { SessionsPage } from "./sessions/SessionsPage.tsx";
import { SignedOut } from "./SignedOut.tsx";
import { useConnection } from "./state/connection.ts";
import { later } from "./ui/later.ts";
import { LaterDialog } from "./ui/LaterDialog.tsx";
import { PageBoundary } from "./ui/PageBoundary.tsx";
import { PartBoundary } from "./ui/PartBoundary.tsx";
import { Spinner } from "./ui/Spinner.tsx";
import { toasts } from "./ui/toast.ts";
import { TooltipProvider } from "./ui/Tooltip.tsx";

const SessionPage = later(() =>
  import("./timeline/SessionPage.tsx").then((m) => ({ default: m.SessionPage })),
);
const Toaster = later(() => import("./ui/Toaster.tsx").then((m) => ({ default: m.Toaster })));
const StoreDialog = later(() =>
  import("./store/StoreDialog.tsx").then((m) => ({ default: m.StoreDialog })),
);
const ValidateDialog = later(() =>
  import("./store/ValidateDialog.tsx").then((m) => ({ default: m.ValidateDialog })),
);
const KeysSheet = later(() => import("./KeysSheet.tsx").then((m) => ({ default: m.KeysSheet })));

const dialogs = { help: KeysSheet, store: StoreDialog, validate: ValidateDialog } as const;

/** The keys, and the dialogs that are about no session in particular. */
function Keys() {
  const [open, setOpen] = useState<keyof typeof dialogs | null>(null);
  useEffect(listenToKeys, []);
  useCommand("help", () => setOpen("help"));
  useCommand("store", () => setOpen("store"));
  useCommand("validate", () => setOpen("validate"));
  if (open === null) return null;
  const Dialog = dialogs[open];
  const close = () => setOpen(null);
  return (
    <LaterDialog key={open} onClose={close}>
      <Dialog
        open
        onOpenChange={(stays) => {
          // Another one may have taken its place by then.
          if (!stays) setOpen((now) => (now === open ? null : now));
        }}
      />
    </LaterDialog>
  );
}

function Toasts() {
  const any = useStore(toasts, (state) => state.lastId > 0);
  return (
    any && (
      <PartBoundary title="A notice could not be shown" place="corner">
        <Suspense>
          <Toaster />
        </Suspense>
      </PartBoundary>
    )
  );
}

function Pages() {
  const signedOut = useConnection((state) => state.signedOut);
  const { pathname } = useLocation();
  if (signedOut) return <SignedOut />;
  return (
    <PartBoundary title="This page could not be shown" place="inline" about={pathname}>
      <Suspense
        fallback={
          <p className="p-10 text-center">
            <Spinner label="Loading…" />
          </p>
        }
      >
        <Routes>
          <Route path="/" element={<SessionsPage />} />
          <Route path="/s/:session_id" element={<SessionPage />} />
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </PartBoundary>
  );
}

/** The page: routes, keys, notices. */
export function App() {
  return (
    <PageBoundary>
      <TooltipProvider delayDuration={400}>
        <BrowserRouter>
          <Pages />
          <Keys />
          <Toasts />
        </BrowserRouter>
      </TooltipProvider>
    </PageBoundary>
  );
}
