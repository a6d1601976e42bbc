/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/build/tree_stream.h"

int strata_tree_stream_size(
	const struct strata_tree *tree, uint64_t *size, struct strata_error *error)
{
	uint64_t total = STRATA_TAR_END;

	for (size_t i = 0; i < tree->count; i++) {
		const struct strata_tree_entry *entry = &tree->entries[i];
		size_t header = strata_tar_header_size(&entry->tar);

		if (header == 0)
			return strata_fail_memory(error);
		total += header;
		if (strata_has_content(entry))
			total += entry->tar.size + strata_tar_padding(entry->tar.size);
	}
	*size = total;
	return 0;
}

int strata_tree_stream_write(struct strata_file_reader *reader, struct strata_encoder *encoder,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer header = STRATA_BUFFER_INIT;
	int status = 0;

	for (size_t i = 0; status == 0 && i < reader->tree->count; i++) {
		const struct strata_tree_entry *entry = &reader->tree->entries[i];

		strata_buffer_truncate(&header, 0);
		strata_tar_write_header(&header, &entry->tar);
		status = strata_buffer_check(&header, error);
		if (status == 0)
			status = strata_encoder_append(encoder, header.data, header.length, error);
		if (status == 0 && strata_has_content(entry))
			status = strata_file_reader_add(reader, i, encoder, error);
	}
	return status < 0 ? status : strata_encoder_append(encoder, NULL, STRATA_TAR_END, error);
}
