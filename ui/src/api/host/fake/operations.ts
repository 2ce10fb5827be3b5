// Every operation of the simulated application, one file per feature. The type of the list makes a missing or misshapen
// one a compile error.

import { applicationOperations } from "./features/application";
import { backupOperations } from "./features/backups";
import { cleanupOperations } from "./features/cleanup";
import { connectionOperations } from "./features/connections";
import { importOperations } from "./features/imports";
import { maintenanceOperations } from "./features/maintenance";
import { overviewOperations } from "./features/overview";
import { restoreOperations } from "./features/restores";
import { retentionOperations } from "./features/retention";
import { scheduleOperations } from "./features/schedules";
import { vaultOperations } from "./features/vault";
import type { Handlers } from "./gate";

export const handlers: Handlers = {
	...vaultOperations,
	...connectionOperations,
	...overviewOperations,
	...backupOperations,
	...restoreOperations,
	...importOperations,
	...maintenanceOperations,
	...cleanupOperations,
	...retentionOperations,
	...scheduleOperations(() => handlers),
	...applicationOperations,
};
