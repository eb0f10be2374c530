import os

from django.core.wsgi import get_wsgi_application

from webapp.handover import Handover

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
application = Handover(get_wsgi_application())
