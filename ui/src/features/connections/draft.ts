// What a connection form holds while it is being filled in, and how it becomes a request.

import type { Schema } from "@/api/client";

export interface Draft {
	name: string;
	engine: Schema["EngineKind"];
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

export const blank: Draft = {
	name: "",
	engine: "postgres",
	host: "",
	port: "5432",
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

/** As in the core: a scratch copy of a file costs little; on a server it is the administrator's to decide. */
export function proves(draft: Draft): boolean {
	return draft.prove ?? draft.engine === "sqlite";
}

export function draftOf(connection: Schema["Connection"]): Draft {
	return {
		...withSpec(blank, connection.spec),
		name: connection.name,
		environment: connection.environment,
		group: connection.group ?? "",
		readOnly: connection.read_only,
		prove: connection.prove_after_backup,
	};
}

export function withSpec(draft: Draft, spec: Schema["ConnectionSpec"]): Draft {
	if (spec.engine === "sqlite") return { ...draft, engine: "sqlite", path: spec.path };
	return {
		...draft,
		engine: spec.engine,
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
	if (draft.engine === "sqlite") return { engine: "sqlite", path: draft.path.trim() };
	return {
		engine: draft.engine,
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
	if (draft.engine === "sqlite") {
		if (draft.path.trim() === "") problems.path = "Choose the database file.";
		else if (!/^([/\\]|[A-Za-z]:[/\\])/.test(draft.path.trim())) problems.path = "The path must be absolute.";
		return problems;
	}
	if (draft.host.trim() === "")
		problems.host =
			draft.engine === "mysql"
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

const usualPorts: Record<Draft["engine"], string> = { postgres: "5432", mysql: "3306", sqlite: "" };

/** Another engine has another usual port; one that somebody typed stays. */
export function withEngine(draft: Draft, engine: Draft["engine"]): Draft {
	const untouched = draft.port === "" || draft.port === usualPorts[draft.engine];
	const port = untouched && engine !== "sqlite" ? usualPorts[engine] : draft.port;
	return { ...draft, engine, port };
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
