/** Tests of the report. Null is not checked here: JUnit fills fields. */
@NullUnmarked
package org.retrieval4j.cli.report;

import org.jspecify.annotations.NullUnmarked;
