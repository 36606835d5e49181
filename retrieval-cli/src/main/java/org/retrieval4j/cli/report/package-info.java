/**
 * The report of a search: one HTML file that opens offline and runs no script. {@link
 * org.retrieval4j.cli.report.Report} collects what {@link org.retrieval4j.cli.report.QueryEntry queries} found and
 * writes the page.
 */
@NullMarked
package org.retrieval4j.cli.report;

import org.jspecify.annotations.NullMarked;
