import { lazy, Suspense, useEffect, useState } from "react";
import { BrowserRouter, Route, Routes } from "react-router";
import { listenToKeys, useCommand } from "./commands.ts";
import { NotFound } from "./NotFound.tsx";
import { SessionsPage } from "./sessions/SessionsPage.tsx";
import { SignedOut } from "./SignedOut.tsx";
import { useConnection } from "./state/connection.ts";
import { SessionPage } from "./timeline/SessionPage.tsx";
import { PageBoundary } from "./ui/PageBoundary.tsx";
import { Toaster } from "./ui/Toaster.tsx";
import { TooltipProvider } from "./ui/Tooltip.tsx";

const KeysSheet = lazy(() => import("./KeysSheet.tsx").then((m) => ({ default: m.KeysSheet })));

function Keys() {
  const [open, setOpen] = useState(false);
  useEffect(listenToKeys, []);
  useCommand("help", () => setOpen(true));
  return open && <KeysSheet open={open} onOpenChange={setOpen} />;
}

function Pages() {
  const signedOut = useConnection((state) => state.signedOut);
  if (signedOut) return <SignedOut />;
  return (
    <Routes>
      <Route path="/" element={<SessionsPage />} />
      <Route path="/s/:session_id" element={<SessionPage />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}

/** The page: routes, keys, notices. */
export function App() {
  return (
    <PageBoundary>
      <TooltipProvider delayDuration={400}>
        <BrowserRouter>
          <Pages />
          <Suspense>
            <Keys />
          </Suspense>
        </BrowserRouter>
        <Toaster />
      </TooltipProvider>
    </PageBoundary>
  );
}
