# vidcolor on the CPU. docs/install.md has the command line that colours a film with it.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY vidcolor vidcolor
COPY models models
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir /wheels/*.whl
# Whoever runs it (--user) may write there; a named volume takes these rights over.
RUN useradd --create-home vidcolor && mkdir --mode 1777 /cache
ENV VIDCOLOR_CACHE=/cache
VOLUME /cache
USER vidcolor
WORKDIR /work
ENTRYPOINT ["vidcolor"]
