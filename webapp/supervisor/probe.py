from http.client import HTTPConnection, HTTPException


def answers(host: str, port: int) -> bool:
    """Whether the web server says that it is well. Asked without a proxy, and as if by one that speaks HTTPS, so that
    an installation that insists on HTTPS answers too."""
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"X-Forwarded-Proto": "https"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
