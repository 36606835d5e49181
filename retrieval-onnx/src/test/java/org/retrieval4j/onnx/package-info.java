/** Tests on tiny networks that are written here, and on real ones where a folder of them is named. */
@NullMarked
package org.retrieval4j.onnx;

import org.jspecify.annotations.NullMarked;
