// What can be done with each kind of database before there is a connection, and with backups whose connection is gone. A
// connection brings its own offers. Screens ask these, never the engine's name.

import type { Schema } from "./client";
import { useRead } from "./queries";

/** Every kind; undefined while it is not known. */
export function useKinds(): readonly Schema["Offers"][] | undefined {
	return useRead("about.get", {}).data?.engines;
}

/** Undefined while it is not known. */
export function useOffersOf(kind: Schema["EngineKind"]): Schema["Offers"] | undefined {
	return useKinds()?.find((each) => each.engine === kind);
}

/** A copy is a file on this computer, not a database of a server. */
export function copiesAreFiles(offers: Pick<Schema["Offers"], "copies">): boolean {
	return offers.copies.kind === "files";
}

/** Connections through which a copy of this kind of database can be made. */
export function serversFor(
	kind: Schema["EngineKind"],
	connections: readonly Schema["Connection"][],
): readonly Schema["Connection"][] {
	return connections.filter(
		({ offers }) => offers.engine === kind && !copiesAreFiles(offers) && offers.changes_refused == null,
	);
}
