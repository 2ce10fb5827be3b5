// What a connection form holds while it is being filled in, and how it becomes a request.

import type { Schema } from "@/api/client";

type Offers = Schema["Offers"];

export interface Draft {
	name: string;
	/** Of the kind of database that is chosen. */
	offers: Offers;
	host: string;
	port: string;
	database: string;
	user: string;
	password: string;
	path: string;
	tls: { mode: Schema["TlsMode"]; ca: string; certificate: string; key: string };
	environment: Schema["Environment"];
	group: string;
	readOnly: boolean;
	/** Null while nobody has said: the engine decides. */
	prove: boolean | null;
}

export function blank(offers: Offers): Draft {
	return {
		name: "",
		offers,
		host: "",
		port: usualPort(offers),
		database: "",
		user: "",
		password: "",
		path: "",
		tls: { mode: "prefer", ca: "", certificate: "", key: "" },
		environment: "development",
		group: "",
		readOnly: false,
		prove: null,
	};
}

export function proves(draft: Draft): boolean {
	return draft.prove ?? draft.offers.backup?.proves_unless_told ?? false;
}

/** It is on a server, with a login; else it is a file. */
export function hasServer(draft: Pick<Draft, "offers">): boolean {
	return draft.offers.address.by === "server";
}

/** What was typed; null where none is wanted. */
export function passwordOf(draft: Draft): string | null {
	return hasServer(draft) && draft.password !== "" ? draft.password : null;
}

export function draftOf(connection: Schema["Connection"]): Draft {
	return {
		...withSpec(blank(connection.offers), connection.spec, connection.offers),
		name: connection.name,
		environment: connection.environment,
		group: connection.group ?? "",
		readOnly: connection.read_only,
		prove: connection.prove_after_backup,
	};
}

/** `offers`: of the spec's kind. */
export function withSpec(draft: Draft, spec: Schema["ConnectionSpec"], offers: Offers): Draft {
	if ("path" in spec) return { ...draft, offers, path: spec.path };
	return {
		...draft,
		offers,
		host: spec.host,
		port: String(spec.port),
		database: spec.database,
		user: spec.user,
		tls: {
			mode: spec.tls?.mode ?? "prefer",
			ca: spec.tls?.ca_file ?? "",
			certificate: spec.tls?.client_certificate_file ?? "",
			key: spec.tls?.client_key_file ?? "",
		},
	};
}

export function specOf(draft: Draft): Schema["ConnectionSpec"] {
	const { engine } = draft.offers;
	const place = hasServer(draft) ? serverOf(draft) : { path: draft.path.trim() };
	// Which fields go with which kind, its address form has said.
	return { engine, ...place } as Schema["ConnectionSpec"];
}

function serverOf(draft: Draft) {
	return {
		host: draft.host.trim(),
		port: Number(draft.port),
		database: draft.database,
		user: draft.user,
		tls: {
			mode: draft.tls.mode,
			ca_file: draft.tls.ca || null,
			client_certificate_file: draft.tls.certificate || null,
			client_key_file: draft.tls.key || null,
		},
	};
}

export type Problems = Partial<
	Record<"name" | "host" | "port" | "database" | "user" | "path" | "key", string>
>;

/** Only what cannot be right; the server judges the rest. */
export function problemsOf(draft: Draft): Problems {
	const problems: Problems = {};
	if (draft.name.trim() === "") problems.name = "Give it a name.";
	const { address } = draft.offers;
	if (address.by === "file") {
		if (draft.path.trim() === "") problems.path = "Choose the database file.";
		else if (!/^([/\\]|[A-Za-z]:[/\\])/.test(draft.path.trim())) problems.path = "The path must be absolute.";
		return problems;
	}
	if (draft.host.trim() === "")
		problems.host =
			address.socket === "file"
				? "Name, address or socket of the server."
				: "Name, address or socket folder of the server.";
	if (!/^\d{1,5}$/.test(draft.port) || Number(draft.port) < 1 || Number(draft.port) > 65_535)
		problems.port = "1 to 65535";
	if (draft.database === "") problems.database = "Which database?";
	if (draft.user === "") problems.user = "Which user?";
	if ((draft.tls.certificate === "") !== (draft.tls.key === ""))
		problems.key = "A client certificate needs its key, and the other way round.";
	return problems;
}

function usualPort({ address }: Offers): string {
	return address.by === "server" ? String(address.default_port) : "";
}

/** Another kind has another usual port; one that somebody typed stays. */
export function withKind(draft: Draft, offers: Offers): Draft {
	const untouched = draft.port === "" || draft.port === usualPort(draft.offers);
	return { ...draft, offers, port: untouched ? usualPort(offers) : draft.port };
}

export const tlsModes: { value: Schema["TlsMode"]; text: string; means: string }[] = [
	{ value: "disable", text: "disable", means: "Never encrypted. Only for a socket or your own machine." },
	{
		value: "allow",
		text: "allow",
		means: "Unencrypted first, TLS if the server insists. Protects against nothing.",
	},
	{
		value: "prefer",
		text: "prefer",
		means: "TLS if the server offers it. Does not stop someone who sits in between.",
	},
	{
		value: "require",
		text: "require",
		means: "Always TLS, any certificate. Stops listeners, not someone who sits in between.",
	},
	{
		value: "verify-ca",
		text: "verify-ca",
		means: "TLS, and the certificate comes from an authority you trust.",
	},
	{
		value: "verify-full",
		text: "verify-full",
		means: "As verify-ca, and the certificate is for this very host. Best for anything remote.",
	},
];
