"""What Prometheus reads at /metrics: figures of the whole installation, whichever web process answers.

Everything comes from PostgreSQL's rows and from Redis, so one exporter is enough and a worker needs no port of its
own. The windows and limits of the queries keep a scrape cheap however much has happened before.
"""
