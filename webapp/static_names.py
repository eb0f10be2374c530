"""Static files under names that hold their contents' hash, so that browsers keep each as long as they like."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

EVERY_SCRIPT, IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns


class HashedModules(CompressedManifestStaticFilesStorage):
    """Also our modules that modules import: a page never runs new ones with old ones, and asks for none twice."""

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = ("js/*.js", IMPORTS)  # those of packages name what they do not bring along
    # A name holds the hash of what it imports in turn: a pass settles one storey, and a chain may be so many long.
    max_post_process_passes = 20
