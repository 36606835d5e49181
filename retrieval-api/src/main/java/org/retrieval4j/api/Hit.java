package org.retrieval4j.api;

/**
 * One image of a ranked list.
 *
 * @param imageId the image
 * @param score larger is better; squared L2 distance is scored as its negative
 */
public record Hit(long imageId, float score) {}
