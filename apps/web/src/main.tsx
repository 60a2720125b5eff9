import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { startServer } from "./server.ts";
import { followConnection } from "./state/connection.ts";
import { followSessions } from "./state/sessions.ts";
import { startTheme } from "./ui/theme.ts";
import "./styles.css";

startTheme();
const loginFailure = await startServer();
followConnection(loginFailure);
followSessions();

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has lost its #root");
createRoot(root).render(<App />);
