FROM swift:6.3-bookworm AS build
# Versions of packages are pinned as far as Debian keeps them: a security fix changes what stands for the star.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libcurl4-openssl-dev=7.88.* libyaml-dev=0.2.* \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Dependencies are a layer of their own: they change less often than the code.
COPY Package.* ./
RUN swift package resolve
COPY Sources Sources
# Embedded by `local`, through a link.
COPY crds crds
# Not built, but the package does not load without the directories that it names.
COPY Benchmarks Benchmarks
COPY Tests Tests
# There is no repository here that could tell.
ARG COMMIT=unknown
RUN swift build --configuration release --product lora-operator --static-swift-stdlib \
      -Xcc "-DLORA_OPERATOR_COMMIT=\"${COMMIT}\"" \
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
# scripts/image-root.sh reads this line: it proves that the binary needs no more than these.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libcurl4=7.88.* ca-certificates=2025* \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/lora-operator /usr/local/bin/lora-operator
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["lora-operator"]
CMD ["run"]
