// What one run did and found.

import type { Schema } from "@/api/client";
import { Badge, type Tone } from "@/components/Badge";
import { Button } from "@/components/Button";
import { RunState } from "@/components/MaintenanceActionCard";
import { Modal } from "@/components/Modal";
import { Fact, Facts } from "@/components/Panel";
import { ErrorState } from "@/components/States";
import { bytes, count } from "@/lib/bytes";
import { absolute, duration } from "@/lib/time";

interface MaintenanceResultProps {
	run: Schema["MaintenanceRun"];
	title: string;
	onClose: () => void;
}

const levels: Record<Schema["FindingLevel"], [Tone, string]> = {
	info: ["neutral", "note"],
	warning: ["warn", "warning"],
	error: ["bad", "damage"],
};

export function MaintenanceResult({ run, title, onClose }: MaintenanceResultProps) {
	const { report } = run;
	const findings = report?.findings ?? [];
	return (
		<Modal
			title={title}
			about={absolute(run.created_at_ms)}
			open
			wide
			onClose={onClose}
			testId="maintenance-report"
			footer={<Button onClick={onClose}>Close</Button>}
		>
			<div className="flex flex-col gap-3 pb-2">
				{run.error && <ErrorState error={run.error} compact />}
				<Facts>
					<Fact name="Result">
						<RunState run={run} />
					</Fact>
					{run.duration_ms != null && <Fact name="Took">{duration(run.duration_ms)}</Fact>}
					{report && <Fact name="Worked on">{`${count(report.tables)} tables`}</Fact>}
					{report?.bytes_before != null && report.bytes_after != null && (
						<Fact name="On disk">
							{bytes(report.bytes_before)} before, {bytes(report.bytes_after)} after
						</Fact>
					)}
				</Facts>
				{report && findings.length === 0 && <p className="text-text-2">Nothing was found that needs you.</p>}
				{findings.length > 0 && (
					<ul className="flex flex-col">
						{findings.map((each) => (
							<li
								key={`${each.table} ${each.text}`}
								className="flex items-baseline gap-2.5 border-line-soft border-b py-1.5 last:border-0"
							>
								<Badge tone={levels[each.level][0]}>{levels[each.level][1]}</Badge>
								<span className="min-w-0 flex-1 wrap-anywhere">
									{each.table && <code className="font-mono text-sm">{each.table} </code>}
									{each.text}
								</span>
								{each.bytes != null && (
									<span className="tabular shrink-0 text-text-2">{bytes(each.bytes)}</span>
								)}
							</li>
						))}
					</ul>
				)}
			</div>
		</Modal>
	);
}
