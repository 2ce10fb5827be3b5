// A file of this computer: typed, or chosen in the system's own dialog.

import { FolderOpen } from "lucide-react";
import { host } from "@/api/client";
import { IconButton } from "@/components/Button";
import { TextField } from "@/components/Field";

interface PathFieldProps {
	label: string;
	value: string;
	onText: (path: string) => void;
	error?: string;
	hint?: string;
	placeholder?: string;
	testId?: string;
}

export function PathField({ label, value, onText, error, hint, placeholder, testId }: PathFieldProps) {
	return (
		<TextField
			label={label}
			mono
			value={value}
			onText={onText}
			error={error}
			hint={hint}
			placeholder={placeholder}
			data-testid={testId}
			after={
				<IconButton
					label={`Choose: ${label}`}
					onClick={() =>
						void host()
							.chooseFile()
							.then((path) => path && onText(path))
					}
				>
					<FolderOpen />
				</IconButton>
			}
		/>
	);
}
