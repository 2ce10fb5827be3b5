// The form itself; adding and editing put different buttons around it.

import { Link2 } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useKinds } from "@/api/offers";
import { useAct } from "@/api/queries";
import { CheckField, Choice, PasswordField, TextField } from "@/components/Field";
import { Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";
import { engineNames } from "@/lib/text";
import { type Draft, hasServer, type Problems, proves, withKind, withSpec } from "./draft";
import { PathField } from "./PathField";
import { TlsFields } from "./TlsFields";

interface ConnectionFieldsProps {
	draft: Draft;
	onDraft: (draft: Draft) => void;
	/** Shown once the person tried to save. */
	problems: Problems;
	/** Editing: a kept password stays when the field is left empty. */
	hasPassword?: boolean;
	groups: readonly string[];
}

const proofMeans: Record<Schema["Offers"]["copies"]["kind"], string> = {
	databases:
		"After each backup, load it into a scratch database made on the same server, compare every table, and drop it. Takes the room and about the time of a restore.",
	files:
		"After each backup, load it into a scratch file on this computer, compare every table, and delete it. Takes about as long as a restore.",
};

export function ConnectionFields({ draft, onDraft, problems, hasPassword, groups }: ConnectionFieldsProps) {
	const kinds = useKinds() ?? [];
	return (
		<div className="flex flex-col gap-3">
			<Panel title="Where">
				<div className="flex flex-col gap-3">
					<UrlField draft={draft} onDraft={onDraft} kinds={kinds} />
					<Choice
						legend="Engine"
						row
						value={draft.offers.engine}
						onPick={(kind) => {
							const offers = kinds.find((each) => each.engine === kind);
							if (offers) onDraft(withKind(draft, offers));
						}}
						choices={kinds.map(({ engine, versions, address }) => ({
							value: engine,
							label: engineNames[engine],
							hint: address.by === "file" ? "a file on this computer" : versions,
							testId: `engine-${engine}`,
						}))}
					/>
					<PlaceFields draft={draft} onDraft={onDraft} problems={problems} hasPassword={hasPassword} />
				</div>
			</Panel>
			{hasServer(draft) && <TlsFields draft={draft} onDraft={onDraft} problems={problems} />}
			<WhatFields draft={draft} onDraft={onDraft} problems={problems} groups={groups} />
		</div>
	);
}

interface FieldsProps {
	draft: Draft;
	onDraft: (draft: Draft) => void;
	problems: Problems;
}

function PlaceFields({ draft, onDraft, problems, hasPassword }: FieldsProps & { hasPassword?: boolean }) {
	const set = (change: Partial<Draft>) => onDraft({ ...draft, ...change });
	if (!hasServer(draft))
		return (
			<PathField
				label="Database file"
				value={draft.path}
				onText={(path) => set({ path })}
				error={problems.path}
				placeholder="/srv/app/data.sqlite"
				testId="connection-path"
			/>
		);
	return (
		<div className="grid grid-cols-6 gap-3">
			<TextField
				className="col-span-4"
				label="Host"
				value={draft.host}
				onText={(text) => set({ host: text })}
				error={problems.host}
				placeholder="db.example.com"
				data-testid="connection-host"
			/>
			<TextField
				className="col-span-2"
				label="Port"
				inputMode="numeric"
				value={draft.port}
				onText={(text) => set({ port: text })}
				error={problems.port}
			/>
			<TextField
				className="col-span-2"
				label="Database"
				value={draft.database}
				onText={(text) => set({ database: text })}
				error={problems.database}
				data-testid="connection-database"
			/>
			<TextField
				className="col-span-2"
				label="User"
				value={draft.user}
				onText={(text) => set({ user: text })}
				error={problems.user}
				data-testid="connection-user"
			/>
			<PasswordField
				className="col-span-2"
				label="Password"
				value={draft.password}
				onText={(text) => set({ password: text })}
				placeholder={hasPassword ? "kept, unchanged" : undefined}
				autoComplete="new-password"
				data-testid="connection-password"
			/>
			<p className="col-span-6 -mt-1.5 text-sm text-text-2">
				The password goes to the keychain, or the sealed file you chose, and nowhere else.
			</p>
		</div>
	);
}

function WhatFields({ draft, onDraft, problems, groups }: FieldsProps & { groups: readonly string[] }) {
	const set = (change: Partial<Draft>) => onDraft({ ...draft, ...change });
	return (
		<Panel title="What it is">
			<div className="flex flex-col gap-3">
				<div className="grid grid-cols-2 gap-3">
					<TextField
						label="Name"
						value={draft.name}
						onText={(name) => set({ name })}
						error={problems.name}
						data-testid="connection-name"
						hint="Shown everywhere."
					/>
					<TextField
						label="Group"
						value={draft.group}
						onText={(group) => set({ group })}
						list="connection-groups"
						hint="Optional. Groups the sidebar."
					/>
					<datalist id="connection-groups">
						{groups.map((each) => (
							<option key={each} value={each} />
						))}
					</datalist>
				</div>
				<Choice
					legend="Environment"
					row
					value={draft.environment}
					onPick={(environment) => set({ environment })}
					choices={[
						{ value: "development", label: "Development", hint: "for trying things" },
						{ value: "staging", label: "Staging", hint: "like production" },
						{
							value: "production",
							label: <span className="text-bad">Production</span>,
							hint: "red everywhere",
							testId: "environment-production",
						},
					]}
				/>
				<CheckField
					label="Read-only"
					hint="The server itself refuses every write of this connection (read-only transactions; SQLite opens the file read-only). Backups work; proofs and restores need another connection."
					checked={draft.readOnly}
					onCheck={(readOnly) => set({ readOnly })}
				/>
				<CheckField
					label="Prove each backup"
					hint={proofMeans[draft.offers.copies.kind]}
					checked={proves(draft)}
					onCheck={(prove) => set({ prove })}
				/>
			</div>
		</Panel>
	);
}

interface UrlFieldProps {
	draft: Draft;
	onDraft: (draft: Draft) => void;
	kinds: readonly Schema["Offers"][];
}

function UrlField({ draft, onDraft, kinds }: UrlFieldProps) {
	const [url, setUrl] = useState("");
	// A URL that is typed suggests a name with every letter; one the person wrote stays.
	const [suggested, setSuggested] = useState("");
	const parse = useAct("connection.parse_url");
	const read = (text: string) => {
		setUrl(text);
		if (text.trim() === "") return parse.reset();
		parse.mutate(
			{ request: { url: text.trim() } },
			{
				onSuccess: ({ spec, has_password }) => {
					const password = has_password ? passwordIn(text.trim()) : draft.password;
					const suggestion = "path" in spec ? (spec.path.split(/[/\\]/).at(-1) ?? "") : spec.database;
					const offers = kinds.find((each) => each.engine === spec.engine) ?? draft.offers;
					const name = draft.name === "" || draft.name === suggested ? suggestion : draft.name;
					setSuggested(suggestion);
					onDraft({ ...withSpec(draft, spec, offers), password, name });
					// The password must not stay readable in the field.
					if (has_password) setUrl(text.trim().replace(/(:\/\/[^:/@]*):[^@]*@/, "$1:***@"));
				},
			},
		);
	};
	return (
		<div className="flex flex-col gap-2">
			<TextField
				label="Paste a URL to fill in the form"
				mono
				value={url}
				onText={read}
				data-testid="connection-url"
				placeholder="postgres://user@db.example.com/shop?sslmode=verify-full, mysql://… or sqlite:///srv/app.sqlite"
				after={<Link2 aria-hidden className="size-3.5 shrink-0 text-text-3" />}
			/>
			{parse.error && <ErrorState error={parse.error} compact />}
		</div>
	);
}

/** The password never comes back from the core, so the window takes it out of what was pasted. */
function passwordIn(url: string): string {
	const found = /:\/\/[^:/@]*:([^@]*)@/.exec(url)?.[1] ?? "";
	try {
		return decodeURIComponent(found);
	} catch {
		return found;
	}
}
