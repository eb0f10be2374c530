import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from webapp.handover import Handover

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
application = Handover(get_wsgi_application())
get_resolver().url_patterns  # imports every view before the fork, so that a new process answers at once  # noqa: B018
# What is loaded now stays: the collector need not look at it again, and processes go on sharing its pages.
gc.collect()
gc.freeze()
