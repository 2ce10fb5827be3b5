// The last net: a screen that throws is replaced by words and a way back, never by an empty window.

import { Component, type ReactNode } from "react";
import { ErrorState } from "@/components/States";

export class Failsafe extends Component<{ children: ReactNode }, { error: Error | null }> {
	override state = { error: null as Error | null };

	static getDerivedStateFromError(error: Error) {
		return { error };
	}

	override render() {
		if (this.state.error === null) return this.props.children;
		return (
			<main className="mx-auto flex h-full max-w-[640px] flex-col justify-center gap-3 p-8">
				<h1 className="font-semibold text-lg">This screen stopped working</h1>
				<p className="text-text-2">Jobs go on in the background; nothing was changed by this.</p>
				<ErrorState
					error={this.state.error}
					onRetry={() => {
						window.location.hash = "#/";
						this.setState({ error: null });
					}}
				/>
			</main>
		);
	}
}
