/** Tests of the command line. Null is not checked here: JUnit fills fields, and parsed JSON may hold anything. */
@NullUnmarked
package org.retrieval4j.cli;

import org.jspecify.annotations.NullUnmarked;
