// Reads QR codes out of pictures, beside the page: a slow phone's page stays
// quick. The first message names the decoder, each other is a picture.
onmessage = ({ data }) => {
  if (data.library) {
    importScripts(data.library);
    postMessage({ ready: true });
    return;
  }
  const hit = jsQR(data.picture.data, data.picture.width, data.picture.height, { inversionAttempts: "dontInvert" });
  postMessage({ text: hit ? hit.data : "" });
};
