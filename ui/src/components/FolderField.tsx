// A folder of this computer: typed, or chosen in the system's own dialog.

import { FolderOpen } from "lucide-react";
import type { ReactNode } from "react";
import { host } from "@/api/client";
import { Button } from "./Button";
import { TextField } from "./Field";
import { sayError } from "./say";

interface FolderFieldProps {
	label: string;
	value: string;
	onText: (path: string) => void;
	placeholder?: string;
	hint?: ReactNode;
	autoFocus?: boolean;
	testId: string;
}

export function FolderField({ testId, ...field }: FolderFieldProps) {
	const choose = () =>
		host()
			.chooseFolder()
			.then((path) => path !== null && path !== "" && field.onText(path), sayError);
	return (
		<TextField
			{...field}
			mono
			data-testid={testId}
			after={
				<Button icon={<FolderOpen aria-hidden className="size-3.5" />} onClick={() => void choose()}>
					Choose…
				</Button>
			}
		/>
	);
}
