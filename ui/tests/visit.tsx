// The page on the simulated host, as a person visits it.

import { render, screen } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { setHost } from "@/api/client";
import { type FakeHost, fakeHost } from "@/api/host/fake/fake";
import { App } from "@/app/App";
import { makeClient } from "@/app/cache";
import { makeRouter } from "@/app/routes";

export class Visit {
	readonly host: FakeHost;
	readonly user: UserEvent = userEvent.setup();

	/** At this address, which may name a connection: `#/db/{Shop}/backups`. */
	constructor(address: string, query: Record<string, string> = {}) {
		this.host = fakeHost(new URLSearchParams({ pace: "0", scene: "full", ...query }));
		setHost(this.host);
		window.location.hash = address.replace(/\{(.+)\}/, (_, name: string) => this.idOf(name));
		render(<App client={makeClient()} router={makeRouter()} />);
	}

	get world() {
		return this.host.world;
	}

	idOf(name: string): string {
		return this.world.connections.find((each) => each.name === name)?.id ?? "";
	}

	find(id: string): Promise<HTMLElement> {
		return screen.findByTestId(id);
	}

	async press(id: string): Promise<void> {
		await this.user.click(await this.find(id));
	}

	async type(id: string, text: string): Promise<void> {
		const field = await this.find(id);
		await this.user.clear(field);
		await this.user.type(field, text);
	}
}
