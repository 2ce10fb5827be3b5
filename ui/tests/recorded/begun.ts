// Where most stories begin, and the way to a database from there.

import { screen } from "@testing-library/react";
import type { Visit } from "./story";

export const passphrase = "plum tiger sofa anvil";

/** An open vault and the sample, as the first start leaves them; proofs are asked for one by one. */
export async function begun(visit: Visit): Promise<void> {
	await visit.call("vault.init", { passphrase });
	await visit.call("sample.create", {});
	const [sample] = (await visit.call("connection.list", {})).connections;
	await visit.call("connection.update", { id: sample?.id ?? "", prove_after_backup: false });
}

export async function goTo(visit: Visit, name: string): Promise<void> {
	const links = await screen.findAllByTestId("database-nav");
	await visit.user.click(links.find((each) => each.dataset.connection === name) as HTMLElement);
}
