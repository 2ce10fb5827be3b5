import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { SealedFileForm } from "@/components/SealedFileForm";
import { Answered, ErrorState } from "@/components/States";
import { errorStays } from "@/components/say";
import { ConnectionFields } from "./ConnectionFields";
import { blank, passwordOf, problemsOf, proves, specOf } from "./draft";
import { TestResult } from "./TestConnection";

export function AddConnectionPage() {
	const about = useRead("about.get", {});
	return (
		<Page title="Add connection">
			<Answered question={about} rows={8}>
				{({ engines: [first] }) => first && <AddForm first={first} />}
			</Answered>
		</Page>
	);
}

/** `first`: the kind that is chosen until somebody chooses. */
function AddForm({ first }: { first: Schema["Offers"] }) {
	const navigate = useNavigate();
	const [draft, setDraft] = useState(() => blank(first));
	const [tried, setTried] = useState(false);
	const connections = useRead("connection.list", {});
	const test = useAct("connection.test");
	const add = useAct("connection.add", ({ id, warnings }) => {
		for (const warning of warnings) toast.warning(warning, { duration: errorStays });
		void navigate({ to: "/db/$connectionId/backups", params: { connectionId: id } });
	});
	const problems = problemsOf(draft);
	const password = passwordOf(draft);
	const save = () => {
		setTried(true);
		if (Object.keys(problems).length > 0) return;
		add.mutate({
			request: {
				name: draft.name.trim(),
				spec: specOf(draft),
				password,
				environment: draft.environment,
				group: draft.group.trim() || null,
				read_only: draft.readOnly,
				prove_after_backup: proves(draft),
			},
		});
	};
	return (
		<>
			{password !== null && <PlaceForPassword />}
			<form
				className="flex max-w-[760px] flex-col gap-3"
				onSubmit={(event) => {
					event.preventDefault();
					save();
				}}
			>
				<ConnectionFields
					draft={draft}
					onDraft={(next) => {
						setDraft(next);
						test.reset();
					}}
					problems={tried ? problems : {}}
					groups={[...new Set((connections.data?.connections ?? []).flatMap((each) => each.group ?? []))]}
				/>
				{test.data && (
					<Panel>
						<TestResult result={test.data} offers={draft.offers} />
					</Panel>
				)}
				{(test.error ?? add.error) && <ErrorState error={(test.error ?? add.error) as Error} />}
				<div className="flex items-center justify-end gap-2">
					<Button
						className="mr-auto"
						busy={test.isPending}
						onClick={() =>
							test.mutate({ request: { spec: specOf(draft), password, read_only: draft.readOnly } })
						}
						data-testid="connection-test"
					>
						{test.isPending ? "Testing…" : "Test"}
					</Button>
					<Button onClick={() => void navigate({ to: "/" })}>Cancel</Button>
					<Button tone="primary" type="submit" busy={add.isPending} data-testid="connection-save">
						Add connection
					</Button>
				</div>
			</form>
		</>
	);
}

/** A password was typed and cannot be kept yet: the place for it is made or opened here. */
function PlaceForPassword() {
	const secrets = useRead("secrets.status", {}).data;
	if (
		secrets === undefined ||
		secrets.backend === "keychain" ||
		(secrets.backend === "file" && !secrets.locked)
	)
		return null;
	return (
		<Panel
			className="mb-3 max-w-[760px]"
			title={secrets.made ? "The place for the password is sealed" : "There is no place for the password yet"}
		>
			<SealedFileForm secrets={secrets} />
		</Panel>
	);
}
