FROM swift:6.3-bookworm AS build
# Versions are not pinned: Debian keeps only the newest security fix, so a pinned one stops installing.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libcurl4-openssl-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Dependencies are a layer of their own: they change less often than the code.
COPY Package.* ./
RUN swift package resolve
COPY Sources Sources
# Not built, but the package does not load without the directories that it names.
COPY Tests Tests
RUN swift build --configuration release --product lora-operator --static-swift-stdlib \
 && install -D "$(swift build --configuration release --show-bin-path)/lora-operator" /out/lora-operator \
 && strip /out/lora-operator

FROM debian:bookworm-slim
ARG VERSION=dev
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="lora-operator" \
      org.opencontainers.image.description="Keeps LoRA adapters loaded on every vLLM server behind a Kubernetes Service" \
      org.opencontainers.image.source="https://github.com/lora-operator/lora-operator" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libcurl4 ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/lora-operator /usr/local/bin/lora-operator
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["lora-operator"]
CMD ["run"]
