"""The addresses of repository and site, from the environment or _config.yml: nothing leads to one that is not known."""

import os
import re
from urllib.parse import urlsplit


def settings(app, config):
    """Hand the addresses to the theme and to the extensions; without the repository's there are no buttons for it."""
    theme = config.html_theme_options
    repository = os.environ.get("BOOK_REPOSITORY") or theme.get("repository_url", "")
    site = os.environ.get("BOOK_SITE") or config.html_baseurl
    theme |= {
        "repository_url": repository,
        "use_repository_button": bool(repository),
        "use_issues_button": bool(repository),
        "launch_buttons": theme.get("launch_buttons") if repository else {},
    }
    config.html_baseurl = config.ogp_site_url = f"{site.rstrip('/')}/" if site else ""
    config.ogp_image = "_static/screenshot.png" if site else ""
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path or "/"
    config.suppress_warnings += ["sitemap.configuration"]  # there is none without the site's address


def own_address(app, pagename, template, context, doctree):
    """Take away what sphinxext-opengraph writes as a page's own address, unless it is one."""
    if not app.config.html_baseurl and "metatags" in context:
        context["metatags"] = re.sub('<meta property="og:url"[^>]*>\n?', "", context["metatags"])


def setup(app):
    app.connect("config-inited", settings, priority=400)  # before the theme's settings, which name the site
    app.connect("html-page-context", own_address, priority=900)
    return {"parallel_read_safe": True}
