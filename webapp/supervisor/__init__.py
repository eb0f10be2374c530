"""All of PrefLoop's processes as one: `manage.py up` starts them, watches them and stops them."""
