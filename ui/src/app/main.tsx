import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { setHost } from "@/api/client";
import { chooseHost } from "@/api/host/choose";
import { App } from "./App";
import { makeClient } from "./cache";
import { router } from "./routes";
import { paintEarly } from "./theme";

paintEarly();
const root = createRoot(document.getElementById("root") as HTMLElement);
const host = await chooseHost();
if (host === null) {
	root.render(
		<main className="p-8">
			<h1 className="font-semibold text-lg">This page belongs to the Holdfast window</h1>
			<p className="text-text-2">Start Holdfast to use it.</p>
		</main>,
	);
} else {
	setHost(host);
	root.render(
		<StrictMode>
			<App client={makeClient()} router={router} />
		</StrictMode>,
	);
}
