// A foreign SQL file in steps: file and target, what it holds and what will happen, then the restore page follows it.

import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { type Schema, toCallError } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { EnvironmentChip } from "@/components/EnvironmentChip";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { ProgressIndicator } from "@/components/ProgressIndicator";
import { Answered, ErrorState } from "@/components/States";
import { Steps } from "@/components/Steps";
import { sayError } from "@/components/say";
import { blankImport, ImportForm, importRequest } from "./ImportForm";
import { ImportPlanView } from "./ImportPlanView";

export function ImportWizard({ connectionId }: { connectionId: string }) {
	const navigate = useNavigate();
	const question = useRead("connection.get", { connection: connectionId });
	const [draft, setDraft] = useState(blankImport);
	const [reading, setReading] = useState<string | null>(null);
	const look = useAct("import.plan", ({ job_id }) => setReading(job_id));
	const apply = useAct(
		"import.apply",
		({ id }) => void navigate({ to: "/restores/$restoreId", params: { restoreId: id }, replace: true }),
	);
	const back = () => {
		apply.reset();
		setReading(null);
	};
	const again = () => {
		back();
		look.mutate({ request: importRequest(connectionId, draft) });
	};
	const connection = question.data;
	return (
		<Page
			title={connection ? `Import into ${connection.name}` : "Import"}
			beside={connection && <EnvironmentChip environment={connection.environment} />}
			actions={
				<Button onClick={() => void navigate({ to: "/db/$connectionId/restores", params: { connectionId } })}>
					Cancel
				</Button>
			}
		>
			<div className="flex max-w-[820px] flex-col gap-3.5">
				<Steps
					names={["File and target", "What will happen", "Import"]}
					at={reading === null && !look.isPending ? 0 : 1}
				/>
				<Answered question={question} rows={5}>
					{(loaded) =>
						reading === null ? (
							<>
								<ImportForm
									connection={loaded}
									draft={draft}
									onDraft={setDraft}
									onNext={again}
									busy={look.isPending}
								/>
								{look.error && <ErrorState error={look.error} onRetry={again} />}
							</>
						) : (
							<Looked key={reading} job={reading} onBack={back}>
								{(plan) => (
									<ImportPlanView
										plan={plan}
										busy={apply.isPending}
										error={apply.error}
										onBack={back}
										onAgain={again}
										onApply={(confirmation) =>
											apply.mutate({ request: { plan_id: plan.plan_id }, confirmation })
										}
									/>
								)}
							</Looked>
						)
					}
				</Answered>
			</div>
		</Page>
	);
}

interface LookedProps {
	job: string;
	onBack: () => void;
	children: (plan: Schema["ImportPlan"]) => ReactNode;
}

/** The file is being read, or could not be; then its plan. */
function Looked({ job, onBack, children }: LookedProps) {
	const question = useRead("job.get", { job });
	const cancel = useAct("job.cancel");
	const done = question.data?.state === "succeeded";
	const plan = useRead("import.plan.get", { job }, { enabled: done });
	const stopped = question.data?.state === "cancelled";
	useEffect(() => {
		if (stopped) onBack();
	}, [stopped, onBack]);
	if (plan.data !== undefined) return children(plan.data);
	if (plan.error) return <ErrorState error={plan.error} action={<Back onBack={onBack} />} />;
	const live = question.data;
	if (live?.error) return <ErrorState error={toCallError(live.error)} action={<Back onBack={onBack} />} />;
	return (
		<Panel>
			<div className="flex flex-col gap-3" data-testid="import-reading">
				{live && <ProgressIndicator progress={live.progress} label={live.title} />}
				<div className="flex items-center gap-3">
					<p className="text-sm text-text-2">The whole file is read; nothing runs yet.</p>
					{live && !jobEnded(live) && (
						<Button
							className="ml-auto"
							busy={cancel.isPending}
							onClick={() => cancel.mutate({ request: { job } }, { onError: sayError })}
						>
							Stop
						</Button>
					)}
				</div>
			</div>
		</Panel>
	);
}

function Back({ onBack }: { onBack: () => void }) {
	return (
		<Button small onClick={onBack}>
			Choose another file
		</Button>
	);
}
