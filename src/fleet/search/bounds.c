/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/bounds.h"

#include "util/error.h"

static int fail_bound(const struct strata_fleet_image *image, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "image '%s' has a bound of no layers",
			image->name),
		"allow it at least one");
}

int strata_bounds_find(const struct strata_fleet *fleet, const struct strata_fleet_options *options,
	uint32_t *bounds, struct strata_error *error)
{
	for (size_t i = 0; i < fleet->image_count; i++) {
		bounds[i] = options->max_layers ? options->max_layers : fleet->images[i].max_layers;
		if (bounds[i] == 0)
			return fail_bound(&fleet->images[i], error);
	}
	return 0;
}

int strata_bounds_check(const struct strata_fleet *fleet, const uint32_t *bounds,
	const struct strata_layout *layout, struct strata_error *error)
{
	for (size_t i = 0; i < fleet->image_count; i++) {
		if (layout->lists[i].count > bounds[i])
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_UNSUPPORTED,
					"image '%s' was planned with %u layers where %u are "
					"allowed",
					fleet->images[i].name, layout->lists[i].count, bounds[i]),
				"this is a fault of stratapack: please report it; with another "
				"bound it may not show");
	}
	return 0;
}
