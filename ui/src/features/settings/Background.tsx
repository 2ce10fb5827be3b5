// What happens when the window is closed, and whether the session starts the program: said as this desktop can do it.

import { useQuery } from "@tanstack/react-query";
import { host, type Schema, toCallError } from "@/api/client";
import { CheckField } from "@/components/Field";
import { Note, Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";

interface BackgroundProps {
	settings: Schema["Settings"];
	onSet: (change: Schema["SettingsUpdateRequest"]) => void;
}

export function Background({ settings, onSet }: BackgroundProps) {
	const keep = settings.keep_in_tray ?? true;
	const login = settings.start_at_login ?? false;
	const desktop = useQuery({
		// Asked again whenever a wish has changed: the answer tells what came of it.
		queryKey: ["desktop", keep, login],
		queryFn: () => host().desktopState(),
		retry: false,
	});
	const tray = desktop.data?.tray ?? true;
	return (
		<Panel title="In the background">
			<div className="flex flex-col gap-3">
				<CheckField
					label="Keep running in the tray when the window is closed"
					hint="Schedules go on; the icon opens the window again, backs up everything, or quits. Without it Holdfast ends after its last job."
					checked={keep && tray}
					disabled={!tray}
					onCheck={(keep_in_tray) => onSet({ keep_in_tray })}
					data-testid="keep-in-tray"
				/>
				{!tray && (
					<Note tone="warn">
						<span data-testid="no-tray">
							This desktop shows no tray icons, so closing the window ends Holdfast after its last job. The
							command <code className="font-mono text-sm">holdfastctl worker</code> runs schedules without a
							window, and the guide says how to have the session start it.
						</span>
					</Note>
				)}
				<CheckField
					label="Start when I log in, without the window"
					hint={
						tray
							? "Only the tray icon appears."
							: "Nothing is seen of it: start Holdfast again to see the window."
					}
					checked={login}
					onCheck={(start_at_login) => onSet({ start_at_login })}
					data-testid="start-at-login"
				/>
				{desktop.error && <ErrorState error={toCallError(desktop.error)} compact />}
				{login && desktop.data && !desktop.data.starts_at_login && (
					<Note tone="warn">
						The session does not start Holdfast yet{desktop.data.problem ? `: ${desktop.data.problem}` : "."}
					</Note>
				)}
			</div>
		</Panel>
	);
}
