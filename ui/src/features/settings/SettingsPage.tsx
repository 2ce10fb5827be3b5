// Settings with safe defaults; each is saved as it is changed.

import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { CheckField, Choice } from "@/components/Field";
import { NumberField } from "@/components/NumberField";
import { Page } from "@/components/Page";
import { Fact, Facts, Panel } from "@/components/Panel";
import { PoolFields } from "@/components/PoolFields";
import { SealedFileForm } from "@/components/SealedFileForm";
import { Answered } from "@/components/States";
import { sayError } from "@/components/say";
import { Background } from "./Background";

export function SettingsPage() {
	const settings = useRead("settings.get", {});
	const update = useAct("settings.update");
	const set = (change: Schema["SettingsUpdateRequest"]) =>
		update.mutate({ request: change }, { onError: sayError });
	return (
		<Page title="Settings">
			<div className="flex max-w-[760px] flex-col gap-3">
				<Answered question={settings} rows={8}>
					{(data) => (
						<>
							<Panel title="Window">
								<Choice
									legend="Theme"
									hideLegend
									row
									value={data.theme}
									onPick={(theme) => set({ theme })}
									choices={[
										{ value: "system", label: "As the system" },
										{ value: "light", label: "Light" },
										{ value: "dark", label: "Dark" },
									]}
								/>
							</Panel>
							<Background settings={data} onSet={set} />
							<Backups settings={data} onSet={set} />
							<Notifications settings={data} onSet={set} />
							<Sessions settings={data} onSet={set} />
						</>
					)}
				</Answered>
				<Secrets />
				<About />
			</div>
		</Page>
	);
}

interface PartProps {
	settings: Schema["Settings"];
	onSet: (change: Schema["SettingsUpdateRequest"]) => void;
}

function Backups({ settings, onSet }: PartProps) {
	return (
		<Panel title="Backups">
			<div className="grid grid-cols-1 gap-x-4 gap-y-3 sm:grid-cols-3">
				<NumberField
					label="Compression level"
					value={settings.compression_level}
					least={1}
					most={19}
					onSave={(compression_level) => onSet({ compression_level })}
					hint={compressionWords(settings.compression_level)}
				/>
				<NumberField
					label="Connections per job"
					value={settings.parallel}
					least={1}
					most={8}
					onSave={(parallel) => onSet({ parallel })}
					hint="How many a backup or restore opens to one server. More is faster and heavier for the server."
				/>
				<NumberField
					label="Hours of grace"
					value={settings.prune_grace_hours}
					least={0}
					most={8760}
					onSave={(prune_grace_hours) => onSet({ prune_grace_hours })}
					hint="How long data that no backup needs waits before a clean-up may remove it."
				/>
			</div>
		</Panel>
	);
}

function Notifications({ settings, onSet }: PartProps) {
	return (
		<Panel title="Notifications">
			<div className="flex flex-col gap-3">
				<CheckField
					label="When a job fails"
					hint="A notification of the system, also with the window in the background."
					checked={settings.notify_failures}
					onCheck={(notify_failures) => onSet({ notify_failures })}
				/>
				<NumberField
					className="max-w-[320px]"
					label="When a job longer than this ends well (seconds)"
					value={settings.notify_after_seconds}
					least={0}
					most={86_400}
					onSave={(notify_after_seconds) => onSet({ notify_after_seconds })}
					hint="0: never."
				/>
			</div>
		</Panel>
	);
}

function Sessions({ settings, onSet }: PartProps) {
	return (
		<Panel title="Sessions kept open">
			{settings.pool && <PoolFields pool={settings.pool} onPool={(pool) => onSet({ pool })} />}
		</Panel>
	);
}

function compressionWords(level: number): string {
	if (level <= 2) return "zstd: quick, larger.";
	if (level <= 6) return "zstd: a good middle; 3 is the default.";
	if (level <= 12) return "zstd: smaller, noticeably slower.";
	return "zstd: smallest, several times slower.";
}

function Secrets() {
	const secrets = useRead("secrets.status", {});
	return (
		<Panel title="Passwords and keys">
			<Answered question={secrets} rows={2}>
				{(status) =>
					status.backend === "keychain" ? (
						<p className="text-text-2">
							<Badge tone="ok">Keychain</Badge> Kept in the keychain of this account, nowhere else. The
							passphrase and the recovery kit open the vault without it.
						</p>
					) : status.backend === "file" && !status.locked ? (
						<p className="text-text-2">
							<Badge tone="ok">Sealed file</Badge> Kept in a file sealed by your passphrase, as you chose.
						</p>
					) : (
						<SealedFileForm secrets={status} />
					)
				}
			</Answered>
		</Panel>
	);
}

function About() {
	const about = useRead("about.get", {});
	return (
		<Panel title="About">
			<Answered question={about} rows={3}>
				{(data) => (
					<Facts>
						<Fact name="Holdfast">{data.version}</Fact>
						<Fact name="SQLite">{data.sqlite_version}</Fact>
						<Fact name="Data folder">
							<code className="font-mono text-sm select-all">{data.home}</code>
						</Fact>
						<Fact name="Licence">Apache-2.0 or MIT, as you like. No account, no telemetry.</Fact>
						<Fact name="Fonts">Inter and JetBrains Mono, SIL Open Font License 1.1</Fact>
					</Facts>
				)}
			</Answered>
		</Panel>
	);
}
