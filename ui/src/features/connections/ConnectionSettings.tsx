// Settings of one connection: edit, test, remove.

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { CheckField } from "@/components/Field";
import { Modal } from "@/components/Modal";
import { Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";
import { sayDone } from "@/components/say";
import { counted } from "@/lib/bytes";
import { ConnectionFields } from "./ConnectionFields";
import { type Draft, draftOf, passwordOf, problemsOf, proves, specOf } from "./draft";
import { TestResult } from "./TestConnection";

export function ConnectionSettings({ connection }: { connection: Schema["Connection"] }) {
	const [draft, setDraft] = useState(() => draftOf(connection));
	const [forget, setForget] = useState(false);
	const [tried, setTried] = useState(false);
	const [removing, setRemoving] = useState(false);
	const connections = useRead("connection.list", {});
	const test = useAct("connection.test");
	const update = useAct("connection.update", (saved) => {
		setDraft(draftOf(saved));
		setForget(false);
		sayDone("Saved.");
	});
	const problems = problemsOf(draft);
	const password = passwordOf(draft);
	return (
		<form
			className="flex max-w-[760px] flex-col gap-3"
			onSubmit={(event) => {
				event.preventDefault();
				setTried(true);
				if (Object.keys(problems).length > 0) return;
				update.mutate({
					request: {
						id: connection.id,
						name: draft.name.trim(),
						spec: specOf(draft),
						password,
						forget_password: forget && password === null,
						environment: draft.environment,
						group: draft.group.trim(),
						read_only: draft.readOnly,
						prove_after_backup: proves(draft),
					},
				});
			}}
		>
			<ConnectionFields
				draft={draft}
				onDraft={(next) => {
					setDraft(next);
					test.reset();
				}}
				problems={tried ? problems : {}}
				hasPassword={connection.has_password}
				groups={[...new Set((connections.data?.connections ?? []).flatMap((each) => each.group ?? []))]}
			/>
			{connection.has_password && (
				<CheckField
					label="Forget the kept password"
					checked={forget}
					onCheck={setForget}
					disabled={password !== null}
				/>
			)}
			{test.data && (
				<Panel>
					<TestResult result={test.data} offers={draft.offers} />
				</Panel>
			)}
			{(test.error ?? update.error) && <ErrorState error={(test.error ?? update.error) as Error} />}
			<div className="flex items-center gap-2">
				<Button
					busy={test.isPending}
					data-testid="connection-test"
					onClick={() => test.mutate({ request: testRequest(connection, draft, password) })}
				>
					{test.isPending ? "Testing…" : "Test"}
				</Button>
				<Button tone="danger" className="mr-auto" onClick={() => setRemoving(true)}>
					Remove connection…
				</Button>
				<Button tone="primary" type="submit" busy={update.isPending} data-testid="connection-save">
					Save
				</Button>
			</div>
			{removing && <RemoveConnection connection={connection} onClose={() => setRemoving(false)} />}
		</form>
	);
}

/** As saved, it is tested as saved; changed, the form is tested with the kept password where none was typed. */
function testRequest(
	connection: Schema["Connection"],
	draft: Draft,
	password: string | null,
): Schema["ConnectionTestRequest"] {
	const saved = draftOf(connection);
	const same =
		JSON.stringify(specOf(saved)) === JSON.stringify(specOf(draft)) && saved.readOnly === draft.readOnly;
	if (same && password === null) return { connection: connection.id };
	return { connection: connection.id, spec: specOf(draft), password, read_only: draft.readOnly };
}

function RemoveConnection({
	connection,
	onClose,
}: {
	connection: Schema["Connection"];
	onClose: () => void;
}) {
	const navigate = useNavigate();
	const backups = useRead("backup.list", { connection: connection.id });
	const remove = useAct("connection.remove", ({ backups_kept }) => {
		const kept =
			backups_kept == null
				? "What it has in the vault stays."
				: backups_kept === 0
					? ""
					: `${counted(backups_kept, "backup")} ${backups_kept === 1 ? "stays" : "stay"} in the vault.`;
		sayDone(`${connection.name} is removed. ${kept}`.trim());
		void navigate({ to: "/" });
	});
	return (
		<Modal
			title={`Remove ${connection.name}?`}
			about="The database itself is not touched."
			open
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="danger-solid"
						busy={remove.isPending}
						onClick={() => remove.mutate({ request: { connection: connection.id } })}
					>
						Remove connection
					</Button>
				</>
			}
		>
			<ul className="list-disc space-y-1 pl-4 text-text-2">
				<li>Holdfast forgets where it is and its password.</li>
				<li>
					{backups.data
						? counted(
								backups.data.backups.filter((each) => each.level != null).length,
								"backup stays",
								"backups stay",
							)
						: "Its backups stay"}{" "}
					in the vault and can be restored to another connection.
				</li>
			</ul>
			{remove.error && <ErrorState error={remove.error} compact />}
		</Modal>
	);
}
