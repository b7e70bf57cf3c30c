/**
 * All that is asserted on templates, in one file for the test runner and so in one process: the first template that a process
 * makes takes seconds, as CDK loads itself piece by piece, and each further one a fraction of one.
 */
import "./suites/tables.js";
import "./suites/durable-functions.js";
import "./suites/event-routes.js";
import "./suites/permissions.js";
import "./suites/exposure.js";
import "./suites/schedules.js";
import "./suites/operations.js";
import "./suites/surroundings.js";
import "./suites/fitting.js";
import "./suites/props.js";
import "./suites/app.js";
