/* Times VLAD and Fisher vectors of VLFeat on one thread; see vlfeat_aggregation.py. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vl/fisher.h>
#include <vl/generic.h>
#include <vl/kmeans.h>
#include <vl/vlad.h>

enum { ROUNDS = 30, VECTORS = 1000 };

static double milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * t.tv_sec + 1e-6 * t.tv_nsec;
}

static double uniform(void) { return (rand() + 0.5) / (RAND_MAX + 1.0); }

static float positive(void) { return (float)fabs(sqrt(-2 * log(uniform())) * cos(6.283185307 * uniform())); }

/* Vectors of unit length, no value negative, in 200 clusters, as the other peers have. */
static float *vectors(unsigned seed, int rows, int columns) {
  float *centers = malloc(sizeof(float) * 200 * columns);
  float *x = malloc(sizeof(float) * rows * columns);
  srand(7);
  for (int i = 0; i < 200 * columns; i++) centers[i] = positive();
  srand(seed);
  for (int i = 0; i < rows; i++) {
    float const *center = centers + rand() % 200 * columns;
    double square = 0;
    for (int j = 0; j < columns; j++) {
      float value = center[j] + positive();
      x[i * columns + j] = value;
      square += value * value;
    }
    for (int j = 0; j < columns; j++) x[i * columns + j] /= (float)sqrt(square);
  }
  free(centers);
  return x;
}

static int compare(void const *a, void const *b) {
  double x = *(double const *)a, y = *(double const *)b;
  return (x > y) - (x < y);
}

static double median(double *times) {
  qsort(times, ROUNDS, sizeof(double), compare);
  return times[ROUNDS / 2];
}

/* Nearest clusters by brute force, and the encoding of dense assignments. */
static double vlad(int clusters, int columns) {
  float *x = vectors(1, VECTORS, columns), *codebook = vectors(2, clusters, columns);
  float *assignments = malloc(sizeof(float) * VECTORS * clusters);
  float *result = malloc(sizeof(float) * clusters * columns);
  vl_uint32 *ids = malloc(sizeof(vl_uint32) * VECTORS);
  double times[ROUNDS];
  VlKMeans *kmeans = vl_kmeans_new(VL_TYPE_FLOAT, VlDistanceL2);
  vl_kmeans_set_centers(kmeans, codebook, columns, clusters);
  for (int round = 0; round < ROUNDS; round++) {
    double start = milliseconds();
    vl_kmeans_quantize(kmeans, ids, NULL, x, VECTORS);
    memset(assignments, 0, sizeof(float) * VECTORS * clusters);
    for (int i = 0; i < VECTORS; i++) assignments[i * clusters + ids[i]] = 1;
    vl_vlad_encode(result, VL_TYPE_FLOAT, codebook, columns, clusters, x, VECTORS, assignments,
                   VL_VLAD_FLAG_NORMALIZE_COMPONENTS);
    times[round] = milliseconds() - start;
  }
  vl_kmeans_delete(kmeans);
  free(x), free(codebook), free(assignments), free(result), free(ids);
  return median(times);
}

static double fisher(int components, int columns) {
  float *x = vectors(1, VECTORS, columns), *means = vectors(2, components, columns);
  float *variances = malloc(sizeof(float) * components * columns);
  float *priors = malloc(sizeof(float) * components);
  float *result = malloc(sizeof(float) * 2 * components * columns);
  double times[ROUNDS];
  for (int i = 0; i < components * columns; i++) variances[i] = 0.004f;
  for (int i = 0; i < components; i++) priors[i] = 1.0f / components;
  for (int round = 0; round < ROUNDS; round++) {
    double start = milliseconds();
    vl_fisher_encode(result, VL_TYPE_FLOAT, means, columns, components, variances, priors, x, VECTORS,
                     VL_FISHER_FLAG_IMPROVED);
    times[round] = milliseconds() - start;
  }
  free(x), free(means), free(variances), free(priors), free(result);
  return median(times);
}

int main(void) {
  vl_set_num_threads(1);
  printf("{\"peer\": \"VLFeat %s\", \"vlad 1000x128, 64\": %.3f, \"vlad 1000x128, 256\": %.3f, \"fisher 1000x64, 64\": %.3f}\n",
         vl_get_version_string(), vlad(64, 128), vlad(256, 128), fisher(64, 64));
  return 0;
}
