// What is in the backup whole and is still worth knowing before a restore.

export function Remarks({ remarks }: { remarks: readonly string[] }) {
	if (remarks.length === 0) return null;
	return (
		<div className="rounded-lg border border-line px-3 py-2" data-testid="remarks">
			<p className="font-medium">Captured as it is, and worth knowing</p>
			<ul className="scroll-thin mt-1 flex max-h-44 flex-col gap-1 overflow-y-auto">
				{remarks.map((each) => (
					<li key={each} className="text-text-2 wrap-anywhere">
						{each}
					</li>
				))}
			</ul>
		</div>
	);
}
